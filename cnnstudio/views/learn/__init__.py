"""The lessons of the Learn page: widgets over `cnnstudio.lessons`."""
