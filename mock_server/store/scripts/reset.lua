empty(name)
read_clock()
return done(1)
