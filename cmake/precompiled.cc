// Has the libraries' header precompiled (cmake/precompiled.cmake).
