"""What every experiment is made of.

command_line: the frame of a command.  recipe: settings from a dataclass.  runs: a table of many runs, each made by
whichever process is free.  training_loop: one training that is judged and saved on its way, and goes on after a kill.
"""
