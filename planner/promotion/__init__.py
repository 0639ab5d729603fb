"""Does this video deserve promotion: forecast, uplift, verdict, decision. (Its first functions come with the promotion desk.)"""
