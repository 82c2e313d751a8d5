# right: counts the places in a list instead of using a formula
# names: -
def output_size(n, k, stride=1, padding="valid", dilation=1):
    reach = (k - 1) * dilation + 1
    if padding == "valid":
        starts = [s for s in range(0, n, stride) if s + reach <= n]
    else:
        starts = list(range(0, n, stride))
    return len(starts)
