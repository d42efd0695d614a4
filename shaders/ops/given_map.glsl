// The tiles of a pixel lie beside each other, and pixels follow in rows of 4096 texels, or one shorter row.
vec4 texel(int tile, ivec2 p) {
    int tiles = (u_shape.x + 3) / 4;
    int row = min(HEIGHT * WIDTH * tiles, 4096);
    int at = (p.y % HEIGHT * WIDTH + p.x % WIDTH) * tiles + tile;
    return vectors(at / row, at % row);
}
