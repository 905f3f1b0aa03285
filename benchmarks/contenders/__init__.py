"""What people would use instead of mnclassify: programs that print a line `path,index` for each image of a folder.

Each is a whole program, written as well as its few lines allow, and run as `python NAME.py MODEL FOLDER`.
"""
