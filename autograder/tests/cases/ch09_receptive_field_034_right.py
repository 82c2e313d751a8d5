# right: goes back from one unit of the last layer to the pixels
# names: -
def receptive_field(layers):
    size, jump = 1, 1
    for layer in reversed(layers):
        if layer[0] == "conv":
            k = layer[2]
            s = layer[3] if len(layer) > 3 else 1
            d = layer[5] if len(layer) > 5 else 1
        elif layer[0] == "max_pool":
            k, d = layer[1], 1
            s = layer[2] if len(layer) > 2 else k
        else:
            raise ValueError(f"layers: {layer[0]} is no convolution and no pooling")
        size = (size - 1) * s + d * (k - 1) + 1
        jump *= s
    return size, jump
