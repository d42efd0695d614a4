// In which of three parts a row or column lies: before the last window, in it, or in what came in opposite.
int part(int at, int side, int window, int shift) {
    return int(at >= side - window) + int(shift > 0 && at >= side - shift);
}

ivec2 region(int at, ivec2 corner) {
    ivec2 place = corner + ivec2(at % WINDOW_W, at / WINDOW_W);
    return ivec2(part(place.x, u_shape0.z, WINDOW_W, SHIFT_W), part(place.y, u_shape0.y, WINDOW_H, SHIFT_H));
}

vec4 texel(int tile, ivec2 p) {
    int across = u_shape0.z / WINDOW_W, number = p.y / HEADS % (u_shape0.y / WINDOW_H * across);
    ivec2 corner = ivec2(number % across * WINDOW_W, number / across * WINDOW_H);
    ivec2 query = region(p.x, corner);
    vec4 found = vec4(0.0);
    for (int lane = 0; lane < 4; lane++) found[lane] = region(tile * 4 + lane, corner) != query ? VALUE : 0.0;
    return found;
}
