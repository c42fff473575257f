"""PyNative mode: operations are recorded in segments and run when somebody looks."""
