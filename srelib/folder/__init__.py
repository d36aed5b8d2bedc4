"""What the files of a folder say together, and what they lack."""
