"""The compiler, in processing order: frontend, ir, autodiff, passes, plan."""
