// The median of 3×3 pixels. Made by `python -m tools.make_median` of the network in
// studio/bends/_median.py.
vec4 middle(int tile, ivec2 p) {
    vec4 v0 = near(tile, p, 0, 0);
    vec4 v1 = near(tile, p, 0, 1);
    vec4 v2 = near(tile, p, 0, 2);
    vec4 v3 = min(v1, v2);
    vec4 v4 = min(v0, v3);
    vec4 v5 = near(tile, p, 1, 0);
    vec4 v6 = near(tile, p, 1, 1);
    vec4 v7 = near(tile, p, 1, 2);
    vec4 v8 = min(v6, v7);
    vec4 v9 = min(v5, v8);
    vec4 v10 = max(v4, v9);
    vec4 v11 = max(v1, v2);
    vec4 v12 = max(v0, v3);
    vec4 v13 = max(v11, v12);
    vec4 v14 = max(v6, v7);
    vec4 v15 = max(v5, v8);
    vec4 v16 = max(v14, v15);
    vec4 v17 = min(v13, v16);
    vec4 v18 = max(v10, v17);
    vec4 v19 = min(v11, v12);
    vec4 v20 = min(v14, v15);
    vec4 v21 = max(v19, v20);
    vec4 v22 = max(v18, v21);
    vec4 v23 = near(tile, p, 2, 1);
    vec4 v24 = near(tile, p, 2, 2);
    vec4 v25 = max(v23, v24);
    vec4 v26 = near(tile, p, 2, 0);
    vec4 v27 = min(v23, v24);
    vec4 v28 = max(v26, v27);
    vec4 v29 = max(v25, v28);
    vec4 v30 = min(v10, v17);
    vec4 v31 = min(v19, v20);
    vec4 v32 = min(v30, v31);
    vec4 v33 = max(v29, v32);
    vec4 v34 = min(v25, v28);
    vec4 v35 = max(v30, v31);
    vec4 v36 = max(v34, v35);
    vec4 v37 = min(v33, v36);
    vec4 v38 = min(v26, v27);
    vec4 v39 = min(v18, v21);
    vec4 v40 = max(v38, v39);
    vec4 v41 = min(v37, v40);
    vec4 v42 = min(v22, v41);
    return v42;
}
