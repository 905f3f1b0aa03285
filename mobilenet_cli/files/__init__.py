"""A file that is never torn: written aside, renamed when complete, resumed after a crash."""
