-- svc.local is not signed, and the signed root says that local. does not exist: without this line clients that ask for validation get SERVFAIL.
addNTA("svc.local", "zoodns signs nothing")
