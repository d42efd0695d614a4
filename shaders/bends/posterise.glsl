// How many of the four channels of a texel come before each of x: of equal ones those that lie before it in the order.
#define BEFORE(found, x, compare) \
    (ivec4(compare(found.xxxx, x)) + ivec4(compare(found.yyyy, x)) + ivec4(compare(found.zzzz, x)) + \
     ivec4(compare(found.wwww, x)))

#ifdef SPAN
#define TILES SPAN
#else
#define TILES 1
#endif

// Of TILES tiles from one on, which share what they read.
void posterised(int tile, ivec2 p, out vec4 bent[TILES]) {
    int last = (u_shape0.x - 1) / 4;
    // Lanes past the last channel come before nothing.
    bvec4 live_last = live_lanes(u_shape0, last);
    vec4 low = vec4(INFINITY), high = vec4(-INFINITY), own[TILES];
    ivec4 rank[TILES];
    for (int k = 0; k < TILES; k++) {
        bvec4 live = live_lanes(u_shape0, tile + k);
        vec4 found = read0(min(tile + k, last), p);
        own[k] = mix(vec4(INFINITY), found, live);
        low = min(low, own[k]);
        high = max(high, mix(vec4(-INFINITY), found, live));
        rank[k] = ivec4(0);
    }
    for (int t = 0; t < tile; t++) {
        vec4 found = read0(t, p);
        low = min(low, found);
        high = max(high, found);
        for (int k = 0; k < TILES; k++) rank[k] += BEFORE(found, own[k], lessThanEqual);
    }
    for (int k = 0; k < TILES; k++) {
        for (int n = 0; n < k; n++) {
            rank[k] += BEFORE(own[n], own[k], lessThanEqual);
            rank[n] += BEFORE(own[k], own[n], lessThan);
        }
        for (int lane = 0; lane < 4; lane++) {
            vec4 value = vec4(own[k][lane]);
            bvec4 follows = lessThan(ivec4(lane), ivec4(0, 1, 2, 3));
            rank[k] += ivec4(lessThan(value, own[k])) + ivec4(equal(value, own[k])) * ivec4(follows);
        }
    }
    for (int t = tile + TILES; t <= last; t++) {
        vec4 found = read0(t, p);
        high = max(high, t < last ? found : mix(vec4(-INFINITY), found, live_last));
        found = t < last ? found : mix(vec4(INFINITY), found, live_last);
        low = min(low, found);
        for (int k = 0; k < TILES; k++) rank[k] += BEFORE(found, own[k], lessThan);
    }
    float least = min(min(low.x, low.y), min(low.z, low.w)), most = max(max(high.x, high.y), max(high.z, high.w));
    for (int k = 0; k < TILES; k++) {
        vec4 step = floor((vec4(rank[k]) * STEPS + 0.5) / float(u_shape0.x));
        bent[k] = least + (most - least) * (step / (STEPS - 1.0));
    }
}

#ifdef SPAN
void bent_span(int tile, ivec2 p, out vec4 found[SPAN]) {
    posterised(tile, p, found);
}
#else
vec4 bent(int tile, ivec2 p) {
    vec4 found[1];
    posterised(tile, p, found);
    return found[0];
}
#endif
