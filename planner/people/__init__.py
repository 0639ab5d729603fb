"""Who matters and where they write: people, outlets, events. (Its first tables come with listening.)"""
