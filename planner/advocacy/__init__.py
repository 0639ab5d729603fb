"""What employees may pass on, until when. (Its first tables come with share kits.)"""
