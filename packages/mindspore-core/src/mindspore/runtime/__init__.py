"""Values at run time: storages, devices, and the recorders that operators report to."""
