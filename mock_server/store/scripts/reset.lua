empty(name)
read_clock()
return 1
