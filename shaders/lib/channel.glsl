// One value of the first input, by its channel and place.
float value0(int channel, ivec2 p) {
    return read0(channel / 4, p)[channel % 4];
}
