// Where a place outside the picture reads from, per axis. `position` may be at most one size outside.

int reflected(int position, int size) {
    position = abs(position);
    return position < size ? position : 2 * size - 2 - position;
}

ivec2 reflected(ivec2 place, ivec4 shape) {
    return ivec2(reflected(place.x, shape.z), reflected(place.y, shape.y));
}

ivec2 replicated(ivec2 place, ivec4 shape) {
    return clamp(place, ivec2(0), shape.zy - 1);
}

int mirrored(int position, int size) {
    position = position < 0 ? -1 - position : position;
    return position < size ? position : 2 * size - 1 - position;
}

ivec2 mirrored(ivec2 place, ivec4 shape) {
    return ivec2(mirrored(place.x, shape.z), mirrored(place.y, shape.y));
}

ivec2 wrapped(ivec2 place, ivec4 shape) {
    return (place + shape.zy) % shape.zy;
}
