// A bent map by itself, before it is mixed with what it was.

vec4 texel(int tile, ivec2 p) { return bent(tile, p); }
