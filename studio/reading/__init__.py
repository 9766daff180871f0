"""What is done in processes of their own, with limits on time and memory: reading what somebody uploaded, cutting
windows, writing files, generating series. They take a request and leave their answer as files in a folder.

`process` is what the server runs; everything else here runs in such a process, and may take as much as it is given.
"""
