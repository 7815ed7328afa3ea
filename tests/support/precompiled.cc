// Has the header of all tests compiled once (tests/CMakeLists.txt).
