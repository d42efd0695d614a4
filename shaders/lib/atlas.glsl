// Where channels lie in a texture: the picture of it is in studio/model/layout.py.
// A shape is (channels, height, width, columns of tiles); a place is (x, y) within a tile.

ivec2 tile_origin(ivec4 shape, int tile) {
    return ivec2(tile % shape.w, tile / shape.w) * shape.zy;
}

// Which of a tile's four lanes hold a channel.
bvec4 live_lanes(ivec4 shape, int tile) {
    return lessThan(ivec4(tile * 4) + ivec4(0, 1, 2, 3), ivec4(shape.x));
}

bool inside(ivec2 place, ivec4 shape) {
    return all(greaterThanEqual(place, ivec2(0))) && all(lessThan(place, shape.zy));
}
