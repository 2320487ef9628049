"""The program: command line, control server and client, console. Imports nothing by itself."""
