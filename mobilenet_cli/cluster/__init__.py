"""The same run on the machines of a Ray cluster.

This process lists the sources and cuts them into groups (`groups`), Ray Data carries each group to an actor that
calls `pipeline.run` (`worker`), and `runner` yields what comes back, in the order of the sources. The model travels
once, as files in Ray's object store (`models.packed`). Nothing here schedules, sends or repeats work: Ray does, but
for a dataset that lost a machine, which is begun again with the groups that have no records yet.
"""
