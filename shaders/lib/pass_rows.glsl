// Rows filtered around the edges by the line that was read behind the map, in lane LANE.

vec4 texel(int tile, ivec2 p) {
    vec4 sum = vec4(0.0);
    for (int x = 0; x < u_shape.z; x++) {
        int from = p.x - x;
        sum += read0(tile, ivec2(x, p.y)) * read1(0, ivec2(from < 0 ? from + u_shape.z : from, 0))[LANE];
    }
    return sum;
}
