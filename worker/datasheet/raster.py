"""stub"""
def worth_reading(b,s): return False
def add(*a): pass
