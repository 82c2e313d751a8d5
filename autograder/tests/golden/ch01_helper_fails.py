# A helper cell fails, so that a function finds no helper; another helper cannot be read.
import numpy as np

# %%
rows = 3 / 0

# %%
def fitted(image:
    return image


# %%
def correlate2d(image, kernel):
    return image[:rows]


# %%
def relu(z):
    return fitted(z)
