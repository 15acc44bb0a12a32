"""What must be true of a run, from what was handed over, what the target saw, and what the outbox says at the end."""

ON_ITS_WAY_S = 0.05  # what a request or an answer needs to the other side of the loopback, on a busy machine


class Verdict:
    """Figures, and what is wrong."""

    def __init__(self):
        self.wrong = []
        self.delivered = self.parked = self.doubtful = self.doubtful_delivered = 0
        self.duplicates = self.lost_replies = 0


def judge(handed, doubtful, target, parked, kills):
    """HANDED and DOUBTFUL: channel to the set of numbers that were kept, or nobody knows; PARKED: the same."""
    verdict = Verdict()
    for channel, numbers in handed.items():
        mine = [reception for reception in target.receptions if reception.channel == channel]
        judge_channel(verdict, channel, numbers, doubtful[channel], mine, parked.get(channel, set()),
                      (kills, target.cuts))
    return verdict


def judge_channel(verdict, channel, numbers, doubtful, receptions, parked, times):
    """One channel."""
    taken = {}
    for reception in receptions:
        if reception.taken:
            taken.setdefault(reception.number, []).append(reception)
    lost = numbers - set(taken) - parked
    if lost:
        verdict.wrong.append(f"{channel}: {len(lost)} lost, the first is {min(lost)}")
    strange = (set(taken) | parked) - numbers - doubtful
    if strange:
        verdict.wrong.append(f"{channel}: {len(strange)} that nobody handed over, the first is {min(strange)}")
    verdict.delivered += len(numbers & set(taken))
    verdict.parked += len(numbers & parked)
    verdict.doubtful += len(doubtful)
    verdict.doubtful_delivered += len(doubtful & (set(taken) | parked))
    judge_order(verdict, channel, taken)
    judge_duplicates(verdict, channel, taken, *times)
    judge_names(verdict, channel, receptions)


def judge_order(verdict, channel, taken):
    """Each came after all that were handed over before it."""
    first = sorted(taken, key=lambda number: taken[number][0].began)
    wrong = [(before, after) for before, after in zip(first, first[1:]) if before > after]
    if wrong:
        verdict.wrong.append(f"{channel}: {wrong[0][1]} came after {wrong[0][0]}, and {len(wrong) - 1} more")


def judge_duplicates(verdict, channel, taken, kills, cuts):
    """Twice only where the answer was lost: cut, never sent, or on its way when the daemon was killed."""
    for number, many in taken.items():
        for before, after in zip(many, many[1:]):
            cut = any(before.began - ON_ITS_WAY_S <= moment <= (before.ended or before.began) + ON_ITS_WAY_S
                      for moment in cuts)
            if before.fate != "taken" or before.unheard or cut:
                verdict.lost_replies += 1
            elif any(before.began - ON_ITS_WAY_S <= kill <= after.began for kill in kills):
                verdict.duplicates += 1
            else:
                verdict.wrong.append(f"{channel}: {number} came again without a reason, "
                                     f"{after.began - before.began:.2f} s after the first time")


def judge_names(verdict, channel, receptions):
    """A notice keeps its id over all tries, and shares it with no other."""
    names = {}
    for reception in receptions:
        if reception.notice:
            names.setdefault(reception.notice, set()).add(reception.number)
    shared = [name for name, numbers in names.items() if len(numbers) > 1]
    many = {}
    for name, numbers in names.items():
        for number in numbers:
            many.setdefault(number, set()).add(name)
    changed = [number for number, found in many.items() if len(found) > 1]
    if shared or changed:
        verdict.wrong.append(f"{channel}: {len(shared)} ids shared, {len(changed)} notices with two ids")
