"""The three-part period report. (Its first functions come with the report screen.)"""
