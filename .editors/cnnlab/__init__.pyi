# For editors alone; when the code runs, `cnnlab` is a namespace of the packages beside this file.
