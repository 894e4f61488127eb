print("zoodns")
