"""Does this video deserve promotion: forecast, uplift, verdict, decision."""
