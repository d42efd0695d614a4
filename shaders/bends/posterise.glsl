// How many of the four channels of a texel come before each of x: of equal ones those that lie before it in the order.
#define BEFORE(found, x, compare) \
    (ivec4(compare(found.xxxx, x)) + ivec4(compare(found.yyyy, x)) + ivec4(compare(found.zzzz, x)) + \
     ivec4(compare(found.wwww, x)))

vec4 bent(int tile, ivec2 p) {
    vec4 x = read0(tile, p);
    int last = (u_shape0.x - 1) / 4;
    // Of the last texel, lanes past the last channel come before nothing.
    bvec4 live = live_lanes(u_shape0, tile), live_last = live_lanes(u_shape0, last);
    vec4 low = mix(vec4(INFINITY), x, live), high = mix(vec4(-INFINITY), x, live);
    ivec4 rank = ivec4(0);
    for (int t = 0; t < tile; t++) {
        vec4 found = read0(t, p);
        low = min(low, found);
        high = max(high, found);
        rank += BEFORE(found, x, lessThanEqual);
    }
    for (int lane = 0; lane < 4; lane++) {
        vec4 value = vec4(mix(INFINITY, x[lane], live[lane]));
        bvec4 follows = lessThan(ivec4(lane), ivec4(0, 1, 2, 3));
        rank += ivec4(lessThan(value, x)) + ivec4(equal(value, x)) * ivec4(follows);
    }
    for (int t = tile + 1; t < last; t++) {
        vec4 found = read0(t, p);
        low = min(low, found);
        high = max(high, found);
        rank += BEFORE(found, x, lessThan);
    }
    if (tile < last) {
        vec4 found = read0(last, p);
        low = mix(low, min(low, found), live_last);
        high = mix(high, max(high, found), live_last);
        found = mix(vec4(INFINITY), found, live_last);
        rank += BEFORE(found, x, lessThan);
    }
    low.xy = min(low.xy, low.zw);
    high.xy = max(high.xy, high.zw);
    float least = min(low.x, low.y), most = max(high.x, high.y);
    vec4 step = floor((vec4(rank) * STEPS + 0.5) / float(u_shape0.x));
    return least + (most - least) * (step / (STEPS - 1.0));
}
