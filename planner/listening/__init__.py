"""What people said about us: mentions, verbatims, noise. (Its first tables come with the listening screens.)"""
