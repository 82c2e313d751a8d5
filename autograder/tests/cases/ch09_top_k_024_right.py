# right: sorts pairs of (minus the probability, place)
# names: -
def top_k(probabilities, names, k):
    answers = []
    for row in probabilities:
        order = sorted((-p, place) for place, p in enumerate(row))
        answers.append([(names[place], float(-p)) for p, place in order[:k]])
    return answers
