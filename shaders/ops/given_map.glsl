// A row of vectors for each of the map's, in which the tiles of a pixel lie beside each other.
vec4 texel(int tile, ivec2 p) {
    int tiles = (u_shape.x + 3) / 4;
    return vectors(p.y % HEIGHT, p.x % WIDTH * tiles + tile);
}
