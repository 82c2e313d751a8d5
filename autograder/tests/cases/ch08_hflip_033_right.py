# right: the columns backwards, and four axes are asked for
# names: -
def hflip(x):
    if x.ndim != 4:
        raise ValueError(f"x must have four axes, it has {x.ndim}")
    return x[:, :, ::-1, :].copy()
