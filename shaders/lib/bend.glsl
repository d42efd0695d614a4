// What a bend reads besides the map, which is read0: the map from elsewhere, earlier maps, and its own scratch.

vec4 other(int tile, ivec2 p) { return read(OTHER, tile, p); }

vec4 past(int k, int tile, ivec2 p) { return read(PAST + k, tile, p); }

vec4 scratch(int k, int tile, ivec2 p) { return read(SCRATCH + k, tile, p); }
