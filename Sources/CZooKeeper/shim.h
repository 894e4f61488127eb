#ifndef THREADED
#define THREADED 1
#endif
#include <zookeeper/zookeeper.h>
