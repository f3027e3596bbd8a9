#!/bin/sh
# Gate control lists for Linux (sch_taprio), for iproute2 6.1 and later. After each command compare what `tc qdisc show dev PORT` prints:
# where a list is not taken in full, tc may say so on stderr alone.
set -e

# bridge sw
tc qdisc replace dev p1 parent root handle 100 taprio num_tc 8 map 0 1 2 3 4 5 6 7 0 0 0 0 0 0 0 0 \
  queues 1@0 1@1 1@2 1@3 1@4 1@5 1@6 1@7 \
  base-time 1767225600010000000 cycle-time 10000000 \
  sched-entry S 3f 100000 \
  sched-entry S 00 18000 \
  sched-entry S 80 20000 \
  sched-entry S 3f 9862000 \
  flags 0x0 clockid CLOCK_TAI
# Holding and releasing the MAC is left out: iproute2 6.1 knows neither. Preemption then needs a guard band.
tc qdisc replace dev p2 parent root handle 100 taprio num_tc 8 map 0 1 2 3 4 5 6 7 0 0 0 0 0 0 0 0 \
  queues 1@0 1@1 1@2 1@3 1@4 1@5 1@6 1@7 \
  base-time 1767225600002000000 cycle-time 2000000 \
  sched-entry S 40 41000 \
  sched-entry S 3f 1940000 \
  sched-entry S 00 9000 \
  sched-entry S 40 10000 \
  flags 0x0 clockid CLOCK_TAI

# bridge sw2
tc qdisc replace dev to-db parent root handle 100 taprio num_tc 8 map 0 1 2 3 4 5 6 7 0 0 0 0 0 0 0 0 \
  queues 1@0 1@1 1@2 1@3 1@4 1@5 1@6 1@7 \
  base-time 1767225600002000000 cycle-time 2000000 \
  sched-entry S 40 41000 \
  sched-entry S 3f 1940000 \
  sched-entry S 00 9000 \
  sched-entry S 40 10000 \
  flags 0x0 clockid CLOCK_TAI

# bridge 5gs
tc qdisc replace dev to-arm parent root handle 100 taprio num_tc 8 map 0 1 2 3 4 5 6 7 0 0 0 0 0 0 0 0 \
  queues 1@0 1@1 1@2 1@3 1@4 1@5 1@6 1@7 \
  base-time 1767225600010000000 cycle-time 10000000 \
  sched-entry S 3f 8980000 \
  sched-entry S 00 18000 \
  sched-entry S 80 22000 \
  sched-entry S 3f 980000 \
  flags 0x0 clockid CLOCK_TAI
