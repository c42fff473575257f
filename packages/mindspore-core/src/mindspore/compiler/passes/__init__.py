"""Graph to plan, in processing order: legalize, claims and groups (`groups`), `schedule`, `memory`."""
