// the least that can be compiled: what the executable's start is measured against
