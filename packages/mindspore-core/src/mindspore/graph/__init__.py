"""Graph mode: functions and Cells compiled as a whole."""
