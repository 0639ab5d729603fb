"""x"""
tables = ()
