// Where channels lie in a texture: the picture of it is in studio/model/networks/layout.py.
// A shape is (channels, height, width, columns of tiles); a place is (x, y) within a tile.

// a / b of whole numbers, for a below 2^21: GPUs have no instruction for it, and compilers' own are long.
int quotient(int a, int b) {
#if __VERSION__ >= 400
    // Else compilers divide in full precision, which takes them as long.
    precise
#endif
    float per_b = 1.0 / float(b);
    return int((float(a) + 0.5) * per_b);
}

// Column and row of the texel with this number, of rows so long: by a quotient that may be one off.
ivec2 place_in(int at, int row) {
    ivec2 p = ivec2(0, quotient(at, row));
    p.x = at - p.y * row;
    return p.x < 0 ? p + ivec2(row, -1) : p.x >= row ? p + ivec2(-row, 1) : p;
}

ivec2 tile_origin(ivec4 shape, int tile) {
    int row = quotient(tile, shape.w);
    return ivec2(tile - row * shape.w, row) * shape.zy;
}

// The origin of the tile behind the one that begins here, without a division.
ivec2 next_origin(ivec4 shape, ivec2 origin) {
    bool ends = origin.x + shape.z == shape.z * shape.w;
    return ends ? ivec2(0, origin.y + shape.y) : ivec2(origin.x + shape.z, origin.y);
}

// Which of a tile's four lanes hold a channel.
bvec4 live_lanes(ivec4 shape, int tile) {
    return lessThan(ivec4(tile * 4) + ivec4(0, 1, 2, 3), ivec4(shape.x));
}

bool inside(ivec2 place, ivec4 shape) {
    return all(greaterThanEqual(place, ivec2(0))) && all(lessThan(place, shape.zy));
}
